-- Who read which table by which query: one row for each query id and table. Athena's dialect.
SELECT DISTINCT
  COALESCE(r.person, NULLIF(a.role_name, ''), a.principal_arn) AS person,
  a.table_arn AS table_arn,
  a.query_id AS query_id
FROM evidence a
LEFT JOIN register r ON r.role_name = a.role_name
WHERE a.event_name = 'GetDataAccess' AND a.error_code = '' AND a.query_id <> ''
