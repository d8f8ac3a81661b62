-- Grants a lease under an id that the caller proposes, so that its key can be declared.
-- KEYS[3]  :lease of that id
-- ARGV[2]  the id   ARGV[3]  the counter's value that it follows as text   ARGV[4]  for how long, in ms
-- Returns 1; the counter's value as text if the id is not beyond it, and so may have been given before.
local leaseKey, id = KEYS[3], ARGV[2]
local counter = redis.call('GET', seq) or '0'
local beyond = counter == ARGV[3]
if not beyond and #counter < 15 and #id < 15 then -- exact as numbers
  beyond = counter + 0 < id + 0 and id - counter <= 1024 -- more would take long to tell
end
if not beyond then
  return counter
end
if redis.call('EXISTS', leaseKey) == 1 then
  return redis.error_reply('NOTRECORD a foreign key has the name of lease ' .. id)
end
local deadline = string.format('%.0f', now() + ARGV[4])
may('ZADD', exp, deadline, id)
may('SET', leaseKey, ARGV[4])
may('PEXPIREAT', leaseKey, deadline)

redis.call('SET', seq, id)
redis.call('ZADD', exp, deadline, id)
redis.call('SET', leaseKey, ARGV[4])
redis.call('PEXPIREAT', leaseKey, deadline)
if counter ~= ARGV[3] then
  for skipped = counter + 1, id - 1 do -- or waiters would think that they had missed changes
    tell(string.format('%.0f', skipped))
  end
end
tell(id .. '+' .. ARGV[4])
return done(1)
