-- Reads the first records of a list, whole where they are short; writes nothing and stands alone.
--
-- KEYS[1] the list   ARGV[1] how many records   ARGV[2] bytes up to which a record is given whole
-- ARGV[3] bytes of the beginning of a longer one   ARGV[4] bytes after which no further record is looked at
-- Returns an array with for each its length and the record or its beginning, and how many are left out because of ARGV[4].
local most, whole, head, room = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local out, n, seen = {}, 0, 0
while n < most do
  if seen >= room then
    return {out, math.min(most, redis.call('LLEN', KEYS[1])) - n}
  end
  local record = redis.call('LINDEX', KEYS[1], n)
  if not record then
    break
  end
  n = n + 1
  seen = seen + #record
  out[2 * n - 1] = #record
  if #record <= whole then
    out[2 * n] = record
  else
    out[2 * n] = string.sub(record, 1, head)
  end
end
return {out, 0}
