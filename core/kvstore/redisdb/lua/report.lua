-- Notes how far a replica is, and forgets some that have not reported for long.
-- KEYS[1] :epoch   KEYS[2] :replicas
-- ARGV[1]  the epoch of the handle   ARGV[2]  name of the replica   ARGV[3]  number of the last change it has applied
-- ARGV[4]  ms after which a replica is forgotten   ARGV[5]  how many to look at, by chance if there are more
-- Returns 1.
local call = redis.call
if (call('GET', KEYS[1]) or '0') ~= ARGV[1] then
  return redis.error_reply('STALE the database was restored')
end
local time = call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local some = call('HLEN', KEYS[2]) > 0 and call('HRANDFIELD', KEYS[2], ARGV[5], 'WITHVALUES') or {}
may('HDEL', KEYS[2], '')
may('PEXPIRE', KEYS[2], ARGV[4])
call('HSET', KEYS[2], ARGV[2], ARGV[3] .. ' ' .. string.format('%.0f', now))
for i = 1, #some, 2 do
  local at = tonumber(string.match(some[i + 1], ' (%d+)$'))
  if some[i] ~= ARGV[2] and (not at or now - at >= tonumber(ARGV[4])) then
    call('HDEL', KEYS[2], some[i])
  end
end
call('PEXPIRE', KEYS[2], ARGV[4])
return 1
