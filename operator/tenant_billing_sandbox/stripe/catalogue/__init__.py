"""What is sold: products, prices, meters and coupons."""
