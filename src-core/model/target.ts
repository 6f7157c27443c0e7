/** What to open. `path` is a file on the machine of the backend; `upload` was sent with upload.* before. */
export type OpenTarget =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'example'; readonly id: string }
  | { readonly kind: 'upload'; readonly upload: string };
