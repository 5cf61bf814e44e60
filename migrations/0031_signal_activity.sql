-- When the receiver of a stream was last heard of, to within an hour (OpenID Shared Signals Framework 1.0 §8.1.1, inactivity_timeout).
ALTER TABLE signal_stream ADD COLUMN active_at BIGINT NOT NULL DEFAULT 0;
UPDATE signal_stream SET active_at = created_at;
