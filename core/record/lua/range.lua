-- Reads the records of a range of keys at one instant; writes nothing and stands alone.
-- KEYS[1]  :seq   KEYS[2]  :exp   KEYS[3]  :ix   KEYS[4...]  the records that :ix named when it was read
-- ARGV[1], ARGV[2]  the first and the last key, both included   ARGV[3...]  the records' keys
-- Returns the counter as text, then four items a record: key, value, version, lease. Version is nil for a key that cannot be
-- read, and lease is the error; for one that is in the range now and not among KEYS all three are nil.
local t = redis.call('TIME')
local now, dead = t[1] * 1000 + math.floor(t[2] / 1000), {['0'] = false}
local at = {}
for i = 4, #KEYS do
  at[ARGV[i - 1]] = KEYS[i]
end
local out, n = {redis.call('GET', KEYS[1]) or '0'}, 1
for _, key in ipairs(redis.call('ZRANGEBYLEX', KEYS[3], '[' .. ARGV[1], '[' .. ARGV[2])) do
  local value, version, lease, show = false, false, false, true
  if at[key] then
    local r = redis.pcall('HMGET', at[key], 'value', 'version', 'lease')
    if r.err and not string.find(r.err, '^WRONGTYPE') then
      return r -- a refusal, which says nothing of the record
    elseif r.err then
      lease = r.err
    elseif not r[2] then
      show = r[1] or r[3] -- else the index is older than what a foreign hand deleted
      lease = 'a hash without a version'
    else
      value, version, lease = r[1], r[2], r[3] or '0'
      if dead[lease] == nil then
        local deadline = redis.call('ZSCORE', KEYS[2], lease)
        dead[lease] = not deadline or deadline + 0 <= now
      end
      show = not dead[lease]
    end
  end
  if show then
    out[n + 1], out[n + 2], out[n + 3], out[n + 4] = key, value, version, lease
    n = n + 4
  end
end
return out
