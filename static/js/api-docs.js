// Starts Swagger UI. Who is signed in on the pages tries the API as themselves, with the CSRF token.
import { csrf } from "./api.js";

const place = document.getElementById("api-docs");

window.SwaggerUIBundle({
  domNode: place,
  url: place.dataset.schema,
  deepLinking: true,
  validatorUrl: null,
  requestInterceptor: (request) => {
    const ours = new URL(request.url, location.href).origin === location.origin;
    if (ours) request.headers["X-CSRFToken"] = csrf();
    return request;
  },
});
