-- Prepare: moves the live buffer behind a new timestamp, all its keys or none, and releases the caller's lock. It costs
-- the server the same however much the buffer holds.
-- KEYS: 1 list, 2 keys, 3 size, 4 ts, 5 lock, 6 ops; of the batch 7 list, 8 keys, 9 size, 10 ts, 11 lock
-- ARGV: 1 lock token ('' for none), 2 the batch's timestamp (ms), 3 how far it may be from the server's time (ms)
-- Reply: {'locked'}, {'empty'} or {'prepared'}; where nothing moved for want of another timestamp {'late', the least one
-- that will do} or {'taken'}

local call = redis.call
local holder = call('GET', KEYS[5])
if holder and (holder ~= ARGV[1] or holder == '') then
  return {'locked'}
end
-- Each read also refuses a foreign type before anything moves.
local records = call('LLEN', KEYS[1])
call('SCARD', KEYS[2])
call('STRLEN', KEYS[3])
call('STRLEN', KEYS[4])
local last = latest(KEYS[6])

if holder then
  may('DEL', KEYS[5])
end
if records == 0 then
  if holder then
    call('DEL', KEYS[5])
  end
  return {'empty'}
end

local time, at, slack = now(), tonumber(ARGV[2]), tonumber(ARGV[3])
local least = math.ceil(math.max(time, last + 1) / 1000)
if at * 1000 <= last or at > least + slack or at < time / 1000 - slack then
  return {'late', least}
end
if call('EXISTS', KEYS[7], KEYS[8], KEYS[9], KEYS[10], KEYS[11]) > 0 then
  return {'taken'}
end

local moves = {}
for i = 1, 4 do
  if call('EXISTS', KEYS[i]) == 1 then
    may('RENAME', KEYS[i], KEYS[i + 6])
    moves[#moves + 1] = i
  end
end
may('ZADD', KEYS[6], '0', '')
may('PEXPIREAT', KEYS[6], '0')
if holder then
  call('DEL', KEYS[5])
end
for _, i in ipairs(moves) do -- before ZADD: a server above maxmemory lets a script go on that has written
  call('RENAME', KEYS[i], KEYS[i + 6])
end
remember(KEYS[6], '', at * 1000)
return {'prepared'}
