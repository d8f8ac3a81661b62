-- Stands before every script that writes.
-- KEYS[1]  :seq   KEYS[2]  :ix   KEYS[3]  :exp
-- ARGV[1]  what every key of the namespace begins with, 'rec:{ns}:'
--
-- A script checks everything first, then writes, and then falls through into tidy.lua. Only what lies on the way of
-- every call is here: each function costs each call a little.
local seq, ix, exp, base = KEYS[1], KEYS[2], KEYS[3], ARGV[1]
local result       -- what the script returns
local budget = 100 -- records that tidy.lua may remove
local due          -- true: a deadline has passed for certain
local gone         -- the lease, if the record KEYS[4] with the key ARGV[2] has outlived it and is to be removed

-- The next value of the counter as text: a Lua number is written exactly only up to 14 digits.
local function count()
  local n = redis.call('INCR', seq)
  return n < 1e14 and n .. '' or redis.call('GET', seq)
end

-- Tells the waiters: '<count>:<key>' a record changed, '<count>+<ms>' a lease was granted, '<count>' neither.
local function tell(what)
  local channel = base .. 'ch'
  if type(redis.pcall('SPUBLISH', channel, what)) == 'table' then -- a server without sharded pub/sub
    redis.pcall('PUBLISH', channel, what)
  end
end

-- Whether there are leases; also refuses an :exp of another type before anything is written.
local leases = redis.call('ZCARD', exp) > 0
