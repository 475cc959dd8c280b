# The image holds the binary and nothing else of ours:
#   docker build -t mars .
#   docker run --read-only -v mars:/data -p 4000:4000 -p 4025:4025 -e MARS_ADMIN_KEY mars
# It listens on every address of the container, so it starts with a key only: any text of 32 characters or more.
ARG BUILD_IMAGE=node:20-bookworm-slim
# The binary asks for glibc and libgcc and for nothing else, a shell included.
ARG RUNTIME_IMAGE=gcr.io/distroless/cc-debian12

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
# All at once: npm ci makes the page's files, too.
COPY . .
RUN npm ci --no-audit --no-fund && npm run build && mkdir /empty

FROM ${RUNTIME_IMAGE}
COPY --from=build /src/dist/mars /usr/local/bin/mars
# A number, so that an orchestrator can see that it is not root. The volume begins as an empty directory of its own.
COPY --from=build --chown=10001:10001 /empty /data
USER 10001:10001
# The database driver is unpacked from the binary at start, and the root may be read-only: /data is not.
ENV MARS_HOST=0.0.0.0 MARS_DATA_DIR=/data BUN_TMPDIR=/data
VOLUME /data
WORKDIR /data
EXPOSE 4000 4025
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["/usr/local/bin/mars", "health"]
ENTRYPOINT ["/usr/local/bin/mars"]
