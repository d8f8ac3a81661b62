-- Reads where a database stands; writes nothing and stands alone.
-- KEYS[1] :epoch   KEYS[2] :seq   KEYS[3] :history   KEYS[4] :applied   KEYS[5] :source
-- ARGV[1]  the epoch of the handle
-- Returns the change number, its history, the applied number and that one's history as text, and the clock in epoch seconds.
if (redis.call('GET', KEYS[1]) or '0') ~= ARGV[1] then
  return redis.error_reply('STALE the database was restored')
end
return {
  redis.call('GET', KEYS[2]) or '0', redis.call('GET', KEYS[3]) or '',
  redis.call('GET', KEYS[4]) or '0', redis.call('GET', KEYS[5]) or '', tonumber(redis.call('TIME')[1]),
}
