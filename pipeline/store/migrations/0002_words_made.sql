-- How a version's words were made, see records.Made; NULL for those made before this was written down.
ALTER TABLE words ADD COLUMN made TEXT;
