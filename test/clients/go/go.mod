module worker

go 1.25

require github.com/mars-events/mars/clients/go v0.0.0

replace github.com/mars-events/mars/clients/go => ../../../clients/go
