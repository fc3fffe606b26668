INSERT INTO tenants VALUES ('fern', 'Fern Hotels'), ('moss', 'Moss Insurance'), ('reed', 'Reed Schools');

INSERT INTO settings (id, tenant_id, key, value) VALUES
  -- The defaults of the product.
  (1, NULL, 'chat.provider', 'openai'),
  (2, NULL, 'chat.model', 'gpt-4o'),
  (3, NULL, 'models.allowed', 'gpt-4o,gpt-5.4,o3'),

  (10, 'fern', 'chat.provider', 'openai'),
  (11, 'fern', 'chat.model', 'gpt-4o'),
  (12, 'fern', 'summary.model', 'openai/gpt-4o'),
  (13, 'fern', 'assistant', '{"name": "Concierge", "model": "gpt-4o",  "temperature": 0.70, "greeting": "Ask me, gpt-4o or not"}'),
  (14, 'fern', 'models.allowed', 'o3, gpt-4o'),
  (15, 'fern', 'models.blocked', 'gpt-4o-mini,o3-pro'),
  (16, 'fern', 'page.title', 'gpt-4o'),
  (17, 'fern', 'upload.limit', '4'),

  -- Azure's deployment is called like the model, and ends on another day.
  (20, 'moss', 'chat.provider', 'azure'),
  (21, 'moss', 'chat.model', 'gpt-4o'),
  (22, 'moss', 'summary.model', 'openai/gpt-4o'),
  (23, 'moss', 'assistant', '{"model": "o3"}'),
  (24, 'moss', 'models.blocked', 'gpt-4o'),

  -- It forbids what the others move to.
  (30, 'reed', 'chat.model', 'gpt-4o'),
  (31, 'reed', 'models.blocked', 'gpt-5.4, o3');

INSERT INTO setting_changes VALUES
  (1, 'fern', 'chat.model', 'gpt-4-turbo', 'gpt-4o', '2025-03-01'),
  (2, 'fern', 'chat.model', 'gpt-4o', 'o3', '2025-05-01'),
  (3, 'fern', 'chat.model', 'o3', 'gpt-4o', '2025-05-02'),
  (4, 'moss', 'chat.model', 'gpt-4', 'gpt-4o', '2025-02-01');
