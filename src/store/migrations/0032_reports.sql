-- Reporting webhooks: where the stream of reports of a media buy stands. When the next one is due is a job.
CREATE TABLE report_schedule (
    media_buy_id TEXT PRIMARY KEY,
    tenant_id    TEXT NOT NULL,
    frequency    TEXT NOT NULL CHECK (frequency IN ('hourly', 'daily', 'monthly')),
    metrics      TEXT NOT NULL,              -- requested_metrics, JSON array; [] means all
    version      INTEGER NOT NULL,           -- of frequency and metrics: a job of an older one does nothing
    period_start INTEGER NOT NULL,           -- of the first period not reported yet
    sequence     INTEGER NOT NULL DEFAULT 0, -- of the last report sent
    is_delayed   INTEGER NOT NULL DEFAULT 0, -- "delayed" was said about the current period
    is_final     INTEGER NOT NULL DEFAULT 0, -- "final" was sent
    updated_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
