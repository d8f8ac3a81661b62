-- Reads the records of a range of keys at one instant; writes nothing and stands alone.
-- KEYS[1]  :ix
-- ARGV[1]  'rec:{ns}:'; the records share the hash tag of KEYS[1], so the same node serves them
-- ARGV[2], ARGV[3]  the first and the last key, both included
-- Returns how many records had lost their lease, then four items a record: key, value, version, lease; for a key that
-- cannot be read value and version are nil and lease is the error.
local base = ARGV[1]
local function escape(key)
  return (string.gsub(key, '[%%{}:*?%[%]\\%c]', function(c)
    return string.format('%%%02X', string.byte(c))
  end))
end
local out, n, dead, alive = {0}, 1, 0, {['0'] = true}
for _, key in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], '[' .. ARGV[2], '[' .. ARGV[3])) do
  local r = redis.pcall('HMGET', base .. 'r:' .. escape(key), 'value', 'version', 'lease')
  if r.err then
    r = {false, false, r.err}
  elseif r[2] then
    local lease = r[3] or '0'
    if alive[lease] == nil then
      alive[lease] = redis.call('EXISTS', base .. 'lease:' .. lease) == 1
    end
    if not alive[lease] then
      r, dead = {}, dead + 1
    end
  end
  if r[2] or r[3] then
    out[n + 1], out[n + 2], out[n + 3], out[n + 4] = key, r[1], r[2], r[3]
    n = n + 4
  end
end
out[1] = dead
return out
