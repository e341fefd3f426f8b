-- The texts of one concern. A word that stands nearly everywhere is not looked up: concerns are, newest first, until a page is full.
CREATE INDEX search_of_concern ON search (concern_id);
