# What go get would write.
go mod init example.com/shop && go mod edit -require github.com/mars-events/mars/clients/go@v0.1.0 \
  -replace "github.com/mars-events/mars/clients/go=$repository/clients/go"
