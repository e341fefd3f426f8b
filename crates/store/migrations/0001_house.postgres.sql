-- The words of the chronology, for search.
CREATE TABLE search (
  setting_id UUID NOT NULL,
  concern_id UUID NOT NULL,
  source_id UUID NOT NULL,
  text TEXT NOT NULL,
  words TSVECTOR GENERATED ALWAYS AS (to_tsvector('simple', text)) STORED
);
CREATE INDEX search_words ON search USING GIN (words);
