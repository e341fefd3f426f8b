-- The words of the chronology, for search. Deleted words are overwritten, not only unlinked (S39).
CREATE VIRTUAL TABLE search USING fts5(
  text, setting_id UNINDEXED, concern_id UNINDEXED, source_id UNINDEXED, tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO search (search, rank) VALUES ('secure-delete', 1);
