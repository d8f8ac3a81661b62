-- Deletes an actor's or a worker's document.
-- KEYS[1] the document
-- ARGV[1] the expected version, in decimal; '' deletes any
-- ARGV[2] 'suspended' when only an actor in STATUS_SUSPENDED may go
-- Returns 1: deleted, 0: missing, -1: another version, -2: not suspended, -3: the document cannot be read. Only 1 writes.
local stored = redis.call('GET', KEYS[1])
if not stored then return 0 end
if ARGV[1] ~= '' or ARGV[2] ~= '' then
  local doc = decode(stored)
  if not doc then return -3 end
  if ARGV[1] ~= '' and version(doc, stored) ~= ARGV[1] then return -1 end
  if ARGV[2] ~= '' then
    local status = member(doc, 'status', 0)
    if status ~= 'STATUS_SUSPENDED' and status ~= 4 then return -2 end
  end
end
return redis.call('DEL', KEYS[1])
