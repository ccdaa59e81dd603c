-- What the products of a buy allow in each of its live statuses (allowed_statuses of their allowed_actions): masks of
-- domain/plan/media_buy_state.h as "pending_creatives,pending_start,active,paused"; empty: the same in all of them.
ALTER TABLE media_buy ADD COLUMN actions_in TEXT NOT NULL DEFAULT '';
