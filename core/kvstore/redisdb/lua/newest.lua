-- Reads the newest entries of a log, whole where they are short; writes nothing and stands alone.
--
-- KEYS[1] the log   ARGV[1] how many entries   ARGV[2] bytes up to which an entry is given whole
-- ARGV[3] bytes after which no further entry is looked at
-- Returns an array with for each its id, its length and its fields (none of a longer one), newest first.
local most, whole, room = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local out, n, seen, before = {}, 0, 0, '+'
while n < most and seen < room do
  local entry = redis.call('XREVRANGE', KEYS[1], before, '-', 'COUNT', 1)[1]
  if not entry then
    break
  end
  local size, fields = 0, entry[2]
  for i = 1, #fields do
    size = size + #fields[i]
  end
  n = n + 1
  seen = seen + size
  before = '(' .. entry[1]
  out[3 * n - 2], out[3 * n - 1], out[3 * n] = entry[1], size, size <= whole and fields or {}
end
return out
