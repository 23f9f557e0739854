/** Imports that the build turns into the address of a built file. */
declare module "*?worker" {
  const address: string;
  export default address;
}
declare module "*?file" {
  const address: string;
  export default address;
}
declare module "*.wasm" {
  const address: string;
  export default address;
}
declare module "*.css" {}
