-- Files of numbers name packages as the ad server does.
CREATE INDEX package_by_remote ON package (remote_id) WHERE remote_id IS NOT NULL;
