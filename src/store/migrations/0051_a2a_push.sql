-- Push configurations of A2A tasks are rows of `webhook` alone; what stood here was a copy of them.
ALTER TABLE a2a_task DROP COLUMN push;
-- Those of tasks that follow no AdCP task stand under the A2A task and go with it.
CREATE TRIGGER a2a_task_forgotten AFTER DELETE ON a2a_task BEGIN
    DELETE FROM webhook WHERE tenant_id = OLD.tenant_id AND kind = 'task' AND anchor = OLD.a2a_task_id;
END;
