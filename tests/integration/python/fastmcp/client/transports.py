class StreamableHttpTransport:
    def __init__(self, url, headers=None):
        self.url = url
        self.headers = {name.lower(): value for name, value in (headers or {}).items()}
