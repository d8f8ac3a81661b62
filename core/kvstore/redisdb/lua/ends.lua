-- When a data key ends, in epoch seconds; 0 for never.
local function ends(data)
  local ms = call('PEXPIRETIME', data)
  return ms > 0 and math.floor((ms + 500) / 1000) or 0
end
