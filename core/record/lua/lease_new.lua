-- Grants a lease.
-- ARGV[2]  for how long, in ms
-- Returns its id as text.
local t = redis.call('TIME')
local id = count()
if not redis.call('SET', base .. 'lease:' .. id, ARGV[2], 'PX', ARGV[2], 'NX') then
  return redis.error_reply('NOTRECORD a foreign key has the name of lease ' .. id)
end
redis.call('ZADD', exp, t[1] * 1000 + math.floor(t[2] / 1000) + ARGV[2], id)
tell(id .. '+' .. ARGV[2])
result = id
