-- Deletes a key that is there.
-- Returns 1, or 0 if it is not there.
if call('EXISTS', KEYS[7]) == 0 then
  return 0
end
if expiring > 0 then
  local ts = ends(KEYS[7])
  if ts > 0 and ts <= clock() then
    return 0
  end
end
