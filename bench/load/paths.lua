-- GET the paths of a file, one a line, one after the other and from the beginning again. The file is the first argument.
local paths, n = {}, 0

function init(args)
  for path in io.lines(args[1]) do paths[#paths + 1] = path end
end

function request()
  n = n % #paths + 1
  return wrk.format("GET", paths[n])
end
