-- A page of a list, a sorted set or a stream, bounded by the number of its elements and by their bytes.
-- KEYS[1] the key
-- ARGV[1] its type; ARGV[2] the first place, of a stream the ID that the page comes after ('-': the beginning)
-- ARGV[3] how many elements at most; ARGV[4] after how many bytes it ends; ARGV[5] how many bytes of each text are shown
-- Returns text and length of each: of an element; of a member, then its score; of an entry's ID, how many texts it has, then those.
-- It writes nothing.
local key, kind, from, most, room, cut = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local out, got, step = {}, 0, 1
local function show(text)
  room = room - math.min(#text, cut)
  out[#out + 1] = string.sub(text, 1, cut)
  out[#out + 1] = #text
end
while got < most and room > 0 do
  local n = math.min(step, most - got)
  local page
  if kind == 'list' then
    page = redis.call('LRANGE', key, from + got, from + got + n - 1)
  elseif kind == 'zset' then
    page = redis.call('ZRANGE', key, from + got, from + got + n - 1, 'WITHSCORES')
  else
    page = redis.call('XRANGE', key, from == '-' and '-' or '(' .. from, '+', 'COUNT', n)
  end
  if #page == 0 then break end
  for _, one in ipairs(page) do
    if kind == 'stream' then
      show(one[1])
      show(tostring(#one[2]))
      for _, text in ipairs(one[2]) do show(text) end
      from = one[1]
    else
      show(one)
    end
  end
  got = got + n
  step = math.min(2 * step, 32)
end
return out
