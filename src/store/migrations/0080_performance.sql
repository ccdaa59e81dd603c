-- What buyers said a package is worth (provide_performance_feedback), in parts per million of what was expected.
ALTER TABLE package ADD COLUMN performance_ppm INTEGER NOT NULL DEFAULT 1000000;
