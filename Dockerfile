# One image for workers and page: the wheel, the locked releases, a user without privileges, compiled code baked in.
FROM python:3.11-slim AS build
WORKDIR /src
COPY . .
RUN pip wheel --no-deps --wheel-dir /wheels .

FROM python:3.11-slim
WORKDIR /btassets
COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes --requirement requirements.lock
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir --no-deps /wheels/*.whl && useradd --uid 10001 --home-dir /btassets btassets && chown btassets /btassets
USER btassets
ENV XDG_CACHE_HOME=/btassets/.cache
# Compiles every kernel once: 50 CPU seconds that no worker spends again.
RUN btassets demo --tickers 6 --years 2 --quiet && rm -rf .btassets
ENTRYPOINT ["btassets"]
