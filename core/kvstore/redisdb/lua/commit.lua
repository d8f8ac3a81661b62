-- Decides a restore: from here on the database is what was staged, and no handle from before is answered.
-- KEYS[1] :epoch   KEYS[2] :seq   KEYS[3] :applied   KEYS[4] :log   KEYS[5] :ix   KEYS[6] :exp   KEYS[7] :load:<token>
-- KEYS[8] :replicas   KEYS[9] :history   KEYS[10] :source
-- ARGV[1]  the epoch of the handle   ARGV[2]  the next epoch, marked as being restored   ARGV[3]  length of the list
-- ARGV[4]  the change number of the snapshot   ARGV[5]  the applied number to set   ARGV[6]  the history that it counts in
-- ARGV[7]  '1' to replace what is there, '0' to refuse a database that ever had a change
-- ARGV[8]  the history that begins if the database never had a number
-- Returns the new change number as text.
local call = redis.call
if (call('GET', KEYS[1]) or '0') ~= ARGV[1] then
  return redis.error_reply('STALE the database was restored')
end
if call('LLEN', KEYS[7]) ~= tonumber(ARGV[3]) then
  return redis.error_reply('LOST the staged snapshot is no longer whole')
end
local last = call('GET', KEYS[2]) or '0'
if ARGV[7] == '0' and last ~= '0' then
  return redis.error_reply('FULL the database is not empty')
end
if not string.find(last, '^%d+$') then
  return redis.error_reply('ERR the number of the last change is no number')
end
call('ZCARD', KEYS[5]) -- refuses another type, as the next two do
call('ZCARD', KEYS[6])
call('XLEN', KEYS[4])
finishable(KEYS[7])
local number = string.format('%.0f', math.max(tonumber(last) + 1, tonumber(ARGV[4])))
call('PERSIST', KEYS[7])
call('UNLINK', KEYS[4], KEYS[8]) -- the replicas' numbers are of the state that ends here
call('SET', KEYS[2], number)
call('SET', KEYS[3], ARGV[5])
call('SET', KEYS[10], ARGV[6])
if last == '0' then
  call('SET', KEYS[9], ARGV[8])
end
call('SET', KEYS[1], ARGV[2])
return number
