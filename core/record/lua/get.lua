-- Reads a record; writes nothing and stands alone.
-- KEYS[1]  the record   KEYS[2]  :exp
-- Returns {value, version, lease}; {} if there is none or its lease is gone.
local r = redis.call('HMGET', KEYS[1], 'value', 'version', 'lease')
if not r[2] then
  return {}
end
if r[3] and r[3] ~= '0' then
  local deadline, t = redis.call('ZSCORE', KEYS[2], r[3]), redis.call('TIME')
  if not deadline or deadline + 0 <= t[1] * 1000 + math.floor(t[2] / 1000) then
    return {}
  end
end
return r
