# The command line and the server. `docker build -t drover .`, then compose.yaml, or `docker run --rm drover inventory --database …`.
FROM node:24-slim AS package
WORKDIR /source
COPY . .
# The compiler is an optional package of its platform.
RUN npm ci --ignore-scripts && mkdir /package && npm pack --pack-destination /package

FROM node:24-slim
COPY --from=package /package/ /package/
# What sends traces is installed beside it: a server in a container often has a collector.
RUN npm install --global /package/drover-*.tgz \
      @opentelemetry/sdk-trace-node@2 @opentelemetry/exporter-trace-otlp-http@0.223 @opentelemetry/resources@2 \
 && rm -rf /package /root/.npm \
 && mkdir /data && chown node:node /data
# Nothing is written outside /data and /tmp: the root may be read-only.
USER node
WORKDIR /data
VOLUME /data
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["drover"]
CMD ["serve"]
