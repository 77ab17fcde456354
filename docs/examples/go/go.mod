module assay.example

go 1.19
