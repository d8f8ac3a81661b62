-- Only tidies up.
-- KEYS[4]  a record that was met without its lease; optional
-- ARGV[2]  its key   ARGV[3]  how many records may be removed
-- Returns how it was before: {the counter as text, ms until the first deadline: 0 if it had passed, -1 without leases}.
local lease = KEYS[4] and redis.call('HGET', KEYS[4], 'lease')
if lease and lease ~= '0' and redis.call('EXISTS', base .. 'lease:' .. lease) == 0 then
  gone = lease
end
budget = ARGV[3] + 0
local left = -1
if leases then
  local t = redis.call('TIME')
  left = math.max(0, redis.call('ZRANGE', exp, '0', '0', 'WITHSCORES')[2] - t[1] * 1000 - math.floor(t[2] / 1000))
  due = left == 0
end
result = {redis.call('GET', seq) or '0', left}
