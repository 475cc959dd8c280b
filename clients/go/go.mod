module github.com/mars-events/mars/clients/go

go 1.25
