// Starts Swagger UI on /docs. A file of its own: the page's security policy allows no inline script.
/* global SwaggerUIBundle */
const place = document.getElementById('swagger-ui');
SwaggerUIBundle({ domNode: place, url: place.dataset.description, deepLinking: true, validatorUrl: null });
