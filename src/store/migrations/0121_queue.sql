-- What waits for people in the order of its due time, and the buys that are under way or about to be, in the order of
-- their ends: what the desk opens with, whatever history there is.
CREATE INDEX task_waiting ON task (tenant_id, ifnull(due_at, 9223372036854775807), task_id)
    WHERE state IN ('pending', 'assigned', 'in_progress', 'escalated');
CREATE INDEX media_buy_live ON media_buy (tenant_id, end_at, media_buy_id)
    WHERE status IN ('active', 'pending_start', 'pending_creatives', 'paused');
