-- Notes how far a replica is, and forgets those that have not reported for long.
-- KEYS[1] :epoch   KEYS[2] :replicas
-- ARGV[1]  the epoch of the handle   ARGV[2]  name of the replica   ARGV[3]  number of the last change it has applied
-- ARGV[4]  ms after which a replica is forgotten
-- Returns 1.
if (redis.call('GET', KEYS[1]) or '0') ~= ARGV[1] then
  return redis.error_reply('STALE the database was restored')
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local all = redis.call('HGETALL', KEYS[2])
for i = 1, #all, 2 do
  local at = tonumber(string.match(all[i + 1], ' (%d+)$'))
  if not at or now - at >= tonumber(ARGV[4]) then
    redis.call('HDEL', KEYS[2], all[i])
  end
end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3] .. ' ' .. string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return 1
