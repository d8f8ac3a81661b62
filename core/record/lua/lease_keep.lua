-- Prolongs a lease by what was granted, from now.
-- KEYS[4]  :lease
-- ARGV[2]  its id
-- Returns 1, or 0 if it is gone.
local granted = redis.call('GET', KEYS[4])
if not granted then
  return 0
end
local t = redis.call('TIME')
redis.call('PEXPIRE', KEYS[4], granted) -- refuses what is no number
redis.call('ZADD', exp, t[1] * 1000 + math.floor(t[2] / 1000) + granted, ARGV[2])
result = 1
