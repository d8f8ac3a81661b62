-- Decides a restore: from here on the database is what was staged, and no handle from before is answered.
-- KEYS[1] :epoch   KEYS[2] :seq   KEYS[3] :applied   KEYS[4] :log   KEYS[5] :ix   KEYS[6] :exp   KEYS[7] :load:<token>
-- KEYS[8] :replicas
-- ARGV[1]  the epoch of the handle   ARGV[2]  the next epoch, marked as being restored   ARGV[3]  length of the list
-- ARGV[4]  the change number of the snapshot   ARGV[5]  the applied number to set
-- ARGV[6]  '1' to replace what is there, '0' to refuse a database that ever had a change
-- Returns the new change number as text.
if (redis.call('GET', KEYS[1]) or '0') ~= ARGV[1] then
  return redis.error_reply('STALE the database was restored')
end
if redis.call('LLEN', KEYS[7]) ~= tonumber(ARGV[3]) then
  return redis.error_reply('LOST the staged snapshot is no longer whole')
end
if ARGV[6] == '0' and (redis.call('GET', KEYS[2]) or '0') ~= '0' then
  return redis.error_reply('FULL the database is not empty')
end
redis.call('ZCARD', KEYS[5]) -- refuses another type, as the next two do
redis.call('ZCARD', KEYS[6])
redis.call('XLEN', KEYS[4])
local number = math.max(tonumber(redis.call('GET', KEYS[2]) or '0') + 1, tonumber(ARGV[4]))
number = string.format('%.0f', number)
redis.call('SET', KEYS[2], number)
redis.call('SET', KEYS[3], ARGV[5])
redis.call('UNLINK', KEYS[4], KEYS[8]) -- the replicas' numbers are of the history that ends here
redis.call('PERSIST', KEYS[7])
redis.call('SET', KEYS[1], ARGV[2])
return number
