-- Reads a record; writes nothing and stands alone.
-- KEYS[1]  the record
-- ARGV[1]  'rec:{ns}:lease:'; the lease shares the record's hash tag, so the same node serves it
-- Returns {value, version, lease}; {} if there is none; {lease} if the record's lease is gone.
local r = redis.call('HMGET', KEYS[1], 'value', 'version', 'lease')
if not r[2] then
  return {}
end
if r[3] and r[3] ~= '0' and redis.call('EXISTS', ARGV[1] .. r[3]) == 0 then
  return {r[3]}
end
return r
