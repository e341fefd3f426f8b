-- Which concern each text of the search belongs to, without the text: a common word has tens of thousands of hits, and reading
-- every text for the sake of sixteen bytes beside it took longer than all the rest. FTS5 keeps its columns in `search_content`
-- (sqlite.org/fts5.html, 4.4.2): id is the row, c2 the third column, the concern.
CREATE INDEX search_concern_of ON search_content (id, c2);
