"""Knowledge that lies on websites: pages found by sitemap or by their links."""
