-- Stands before every script that tells of a change.
-- KEYS[1]  :seq   KEYS[2]  :exp
-- ARGV[1]  the channel of the namespace
--
-- A script reads and checks everything first, proves its rights, and then writes: what is refused changes nothing. The first
-- write needs no proof of its own.
local seq, exp, channel = KEYS[1], KEYS[2], ARGV[1]

local clock
local function now() -- in ms
  if not clock then
    local t = redis.call('TIME')
    clock = t[1] * 1000 + math.floor(t[2] / 1000)
  end
  return clock
end

-- Whether a lease lives is told by its deadline alone: :exp is one key for all leases, so every script can declare it.
local function dead(lease)
  if not lease or lease == '0' then
    return false
  end
  local deadline = redis.call('ZSCORE', exp, lease)
  return not deadline or deadline + 0 <= now()
end

-- The next value of the counter as text: a Lua number is written exactly only up to 14 digits.
local function count()
  local n = redis.call('INCR', seq)
  return n < 1e14 and n .. '' or redis.call('GET', seq)
end

-- Refuses a counter that count could not raise, where it is raised after another write.
local function countable()
  local n = redis.call('GET', seq) or '0'
  if not string.find(n, '^%d+$') or #n > 19 or (#n == 19 and n > '9223372036854770000') then
    error({err = 'ERR the counter is not an integer or out of range'})
  end
end

-- Tells the waiters: '<count>:<key>' a record changed, '<count>+<ms>' a lease was granted, '<count>' neither.
local function tell(what)
  if type(redis.pcall('SPUBLISH', channel, what)) == 'table' then -- a server without sharded pub/sub
    redis.pcall('PUBLISH', channel, what)
  end
end
