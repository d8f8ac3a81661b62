-- Adds one to a generation counter, in exactly one write: no command of it can be refused after another has written.
-- KEYS[1]  the counter
-- ARGV[1]  how long the counter lives from now, in ms; 0 or absent: as long as it already did
-- ARGV[2]  'time': a counter that does not exist starts from the server's time in microseconds; absent: from 1
-- Returns the new generation; -1 if the stored value is not a number, -2 if it is int64's end (nothing is written).
local was = redis.pcall('GET', KEYS[1])
local keep = (ARGV[1] or '0') == '0'
local new = '1'
if type(was) == 'table' then
  return was -- the server's own words, such as WRONGTYPE
elseif not was then
  if ARGV[2] == 'time' then
    local now = redis.call('TIME')
    new = now[1] .. string.format('%06.0f', tonumber(now[2]))
  end
elseif was ~= '0' and not string.find(was, '^[1-9]%d*$') then
  return -1
elseif #was < 16 then
  if keep then
    return redis.call('INCR', KEYS[1]) -- what the rest would do, only faster
  end
  new = string.format('%.0f', was + 1)
elseif #was > 19 or (#was == 19 and was > '9223372036854775807') then
  return -1
elseif was == '9223372036854775807' then
  return -2
else
  -- Numbers here are doubles, exact to 15 digits: add to the last 15 and carry by hand.
  local head, tail = string.sub(was, 1, -16), string.sub(was, -15) + 1
  if tail == 1e15 then
    head, tail = string.format('%.0f', head + 1), 0
  end
  new = head .. string.format('%015.0f', tail)
end
if keep then
  redis.call('SET', KEYS[1], new, 'KEEPTTL')
else
  redis.call('SET', KEYS[1], new, 'PX', ARGV[1])
end
return new
