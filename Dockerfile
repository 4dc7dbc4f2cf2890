# The page in a container: `docker build -t vars-studio .`, then `docker run --rm -p 7860:7860 vars-studio`.
FROM python:3.11-slim

RUN useradd --create-home --uid 1000 studio
WORKDIR /home/studio/vars-studio

# Dependencies first: a change of the code leaves this layer, the large one, as it is.
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt

COPY app.py ./
COPY vars_core vars_core
COPY analysis analysis
COPY app app
COPY assets assets

USER studio
ENV VARS_HOST=0.0.0.0 PYTHONUNBUFFERED=1
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/health', timeout=4)"]
CMD ["python", "app.py"]
