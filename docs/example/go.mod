module example

go 1.26.0

require holdfast v0.0.0

replace holdfast => ../..
