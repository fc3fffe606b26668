INSERT INTO public.gallery VALUES (1, 'Starter', 'gpt-4o'), (2, 'Long reader', 'o3');

INSERT INTO tenant_alder.models (id, name, provider) VALUES (1, 'gpt-4o', 'openai'), (2, 'gpt-5.4', 'openai'), (3, 'o3', 'openai');
INSERT INTO tenant_alder.agents VALUES (1, 'Desk', 1, '{"nodes": [{"model": "gpt-4o", "t": 1.50}, {"model": "o3"}]}'), (2, 'Night', 3, NULL), (3, 'Front', 1, '{}');
INSERT INTO tenant_alder.answers VALUES (1, 1, 1), (2, 1, 1), (3, 2, 3);

-- The same number is another model here.
INSERT INTO tenant_birch.models (id, name, provider) VALUES (1, 'o3', 'openai'), (2, 'gpt-4o', 'openai'), (3, 'gpt-5.4', 'openai');
INSERT INTO tenant_birch.agents VALUES (1, 'Desk', 1, NULL), (2, 'Day', 2, '{"nodes": [{"model": "gpt-4o"}]}');
INSERT INTO tenant_birch.answers VALUES (1, 1, 1), (2, 2, 2);

-- This one has not got the new model.
INSERT INTO tenant_cedar.models (id, name, provider) VALUES (1, 'gpt-4o', 'openai');
INSERT INTO tenant_cedar.agents VALUES (1, 'Desk', 1, NULL);
